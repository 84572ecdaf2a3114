define internal void @contract_1(ptr noalias %a0, ptr noalias %a1, ptr noalias %a2, ptr noalias %a3) #1 {
entry:
  br label %b1
b1:
  %v3 = phi i64 [ 0, %entry ], [ %v70, %b1 ]
  %v4 = phi ptr [ %a0, %entry ], [ %v68, %b1 ]
  %v5 = phi ptr [ %a1, %entry ], [ %v69, %b1 ]
  %v6 = phi <16 x float> [ zeroinitializer, %entry ], [ %v48, %b1 ]
  %v7 = phi <16 x float> [ zeroinitializer, %entry ], [ %v49, %b1 ]
  %v8 = phi <16 x float> [ zeroinitializer, %entry ], [ %v54, %b1 ]
  %v9 = phi <16 x float> [ zeroinitializer, %entry ], [ %v55, %b1 ]
  %v10 = phi <16 x float> [ zeroinitializer, %entry ], [ %v60, %b1 ]
  %v11 = phi <16 x float> [ zeroinitializer, %entry ], [ %v61, %b1 ]
  %v12 = phi <16 x float> [ zeroinitializer, %entry ], [ %v66, %b1 ]
  %v13 = phi <16 x float> [ zeroinitializer, %entry ], [ %v67, %b1 ]
  %v14 = load <16 x float>, ptr %v5, align 4
  %v15 = getelementptr i8, ptr %v5, i64 64
  %v16 = load <16 x float>, ptr %v15, align 4
  %v17 = load float, ptr %v4, align 4
  %v18 = insertelement <16 x float> poison, float %v17, i64 0
  %v19 = shufflevector <16 x float> %v18, <16 x float> poison, <16 x i32> zeroinitializer
  %v20 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v19, <16 x float> %v14, <16 x float> %v6)
  %v21 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v19, <16 x float> %v16, <16 x float> %v7)
  %v22 = getelementptr i8, ptr %v4, i64 32
  %v23 = load float, ptr %v22, align 4
  %v24 = insertelement <16 x float> poison, float %v23, i64 0
  %v25 = shufflevector <16 x float> %v24, <16 x float> poison, <16 x i32> zeroinitializer
  %v26 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v25, <16 x float> %v14, <16 x float> %v8)
  %v27 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v25, <16 x float> %v16, <16 x float> %v9)
  %v28 = getelementptr i8, ptr %v4, i64 64
  %v29 = load float, ptr %v28, align 4
  %v30 = insertelement <16 x float> poison, float %v29, i64 0
  %v31 = shufflevector <16 x float> %v30, <16 x float> poison, <16 x i32> zeroinitializer
  %v32 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v31, <16 x float> %v14, <16 x float> %v10)
  %v33 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v31, <16 x float> %v16, <16 x float> %v11)
  %v34 = getelementptr i8, ptr %v4, i64 96
  %v35 = load float, ptr %v34, align 4
  %v36 = insertelement <16 x float> poison, float %v35, i64 0
  %v37 = shufflevector <16 x float> %v36, <16 x float> poison, <16 x i32> zeroinitializer
  %v38 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v37, <16 x float> %v14, <16 x float> %v12)
  %v39 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v37, <16 x float> %v16, <16 x float> %v13)
  %v40 = getelementptr i8, ptr %v5, i64 128
  %v41 = load <16 x float>, ptr %v40, align 4
  %v42 = getelementptr i8, ptr %v5, i64 192
  %v43 = load <16 x float>, ptr %v42, align 4
  %v44 = getelementptr i8, ptr %v4, i64 4
  %v45 = load float, ptr %v44, align 4
  %v46 = insertelement <16 x float> poison, float %v45, i64 0
  %v47 = shufflevector <16 x float> %v46, <16 x float> poison, <16 x i32> zeroinitializer
  %v48 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v47, <16 x float> %v41, <16 x float> %v20)
  %v49 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v47, <16 x float> %v43, <16 x float> %v21)
  %v50 = getelementptr i8, ptr %v4, i64 36
  %v51 = load float, ptr %v50, align 4
  %v52 = insertelement <16 x float> poison, float %v51, i64 0
  %v53 = shufflevector <16 x float> %v52, <16 x float> poison, <16 x i32> zeroinitializer
  %v54 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v53, <16 x float> %v41, <16 x float> %v26)
  %v55 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v53, <16 x float> %v43, <16 x float> %v27)
  %v56 = getelementptr i8, ptr %v4, i64 68
  %v57 = load float, ptr %v56, align 4
  %v58 = insertelement <16 x float> poison, float %v57, i64 0
  %v59 = shufflevector <16 x float> %v58, <16 x float> poison, <16 x i32> zeroinitializer
  %v60 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v59, <16 x float> %v41, <16 x float> %v32)
  %v61 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v59, <16 x float> %v43, <16 x float> %v33)
  %v62 = getelementptr i8, ptr %v4, i64 100
  %v63 = load float, ptr %v62, align 4
  %v64 = insertelement <16 x float> poison, float %v63, i64 0
  %v65 = shufflevector <16 x float> %v64, <16 x float> poison, <16 x i32> zeroinitializer
  %v66 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v65, <16 x float> %v41, <16 x float> %v38)
  %v67 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v65, <16 x float> %v43, <16 x float> %v39)
  %v68 = getelementptr i8, ptr %v4, i64 8
  %v69 = getelementptr i8, ptr %v5, i64 256
  %v70 = add nuw nsw i64 %v3, 2
  %v71 = icmp slt i64 %v70, 8
  br i1 %v71, label %b1, label %b2
b2:
  %v72 = load <16 x float>, ptr %a2, align 4
  %v73 = fadd <16 x float> %v48, %v72
  %v74 = fcmp ogt <16 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v73
  %v75 = select <16 x i1> %v74, <16 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <16 x float> %v73
  store <16 x float> %v75, ptr %a3, align 4
  %v76 = getelementptr i8, ptr %a2, i64 64
  %v77 = load <16 x float>, ptr %v76, align 4
  %v78 = fadd <16 x float> %v49, %v77
  %v79 = fcmp ogt <16 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v78
  %v80 = select <16 x i1> %v79, <16 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <16 x float> %v78
  %v81 = getelementptr i8, ptr %a3, i64 64
  store <16 x float> %v80, ptr %v81, align 4
  %v82 = fadd <16 x float> %v54, %v72
  %v83 = fcmp ogt <16 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v82
  %v84 = select <16 x i1> %v83, <16 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <16 x float> %v82
  %v85 = getelementptr i8, ptr %a3, i64 128
  store <16 x float> %v84, ptr %v85, align 4
  %v86 = fadd <16 x float> %v55, %v77
  %v87 = fcmp ogt <16 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v86
  %v88 = select <16 x i1> %v87, <16 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <16 x float> %v86
  %v89 = getelementptr i8, ptr %a3, i64 192
  store <16 x float> %v88, ptr %v89, align 4
  %v90 = fadd <16 x float> %v60, %v72
  %v91 = fcmp ogt <16 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v90
  %v92 = select <16 x i1> %v91, <16 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <16 x float> %v90
  %v93 = getelementptr i8, ptr %a3, i64 256
  store <16 x float> %v92, ptr %v93, align 4
  %v94 = fadd <16 x float> %v61, %v77
  %v95 = fcmp ogt <16 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v94
  %v96 = select <16 x i1> %v95, <16 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <16 x float> %v94
  %v97 = getelementptr i8, ptr %a3, i64 320
  store <16 x float> %v96, ptr %v97, align 4
  %v98 = fadd <16 x float> %v66, %v72
  %v99 = fcmp ogt <16 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v98
  %v100 = select <16 x i1> %v99, <16 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <16 x float> %v98
  %v101 = getelementptr i8, ptr %a3, i64 384
  store <16 x float> %v100, ptr %v101, align 4
  %v102 = fadd <16 x float> %v67, %v77
  %v103 = fcmp ogt <16 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, %v102
  %v104 = select <16 x i1> %v103, <16 x float> <float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000, float 0x0000000000000000>, <16 x float> %v102
  %v105 = getelementptr i8, ptr %a3, i64 448
  store <16 x float> %v104, ptr %v105, align 4
  ret void
}

define internal void @step(ptr %arena, ptr %a1, ptr %a2, ptr %a3) #1 {
entry:
  call void @contract_1(ptr %a1, ptr %a2, ptr %a3, ptr %arena)
  ret void
}

define void @run(ptr %arena, ptr %table) #0 {
entry:
  %v1 = alloca i32, align 4
  %v2 = alloca i32, align 4
  call void @llvm.x86.sse.stmxcsr(ptr %v1)
  %v3 = load i32, ptr %v1, align 4
  %v4 = or i32 %v3, 32832
  store i32 %v4, ptr %v2, align 4
  call void @llvm.x86.sse.ldmxcsr(ptr %v2)
  %v5 = load ptr, ptr %table, align 8
  %v6 = getelementptr i8, ptr %table, i64 8
  %v7 = load ptr, ptr %v6, align 8
  %v8 = getelementptr i8, ptr %table, i64 16
  %v9 = load ptr, ptr %v8, align 8
  call void @step(ptr %arena, ptr %v5, ptr %v7, ptr %v9)
  call void @llvm.x86.sse.ldmxcsr(ptr %v1)
  ret void
}

declare <16 x float> @llvm.fma.v16f32(<16 x float>, <16 x float>, <16 x float>)
declare void @llvm.x86.sse.stmxcsr(ptr)
declare void @llvm.x86.sse.ldmxcsr(ptr)
attributes #0 = { nounwind "prefer-vector-width"="512" "min-legal-vector-width"="512" "no-trapping-math"="true" }
attributes #1 = { nounwind noinline "prefer-vector-width"="512" "min-legal-vector-width"="512" "no-trapping-math"="true" }

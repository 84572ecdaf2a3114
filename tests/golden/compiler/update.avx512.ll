define internal void @contract_1(ptr noalias %a0, ptr noalias %a1, ptr noalias %a2) #1 {
entry:
  br label %b1
b1:
  %v3 = phi i64 [ 0, %entry ], [ %v84, %b1 ]
  %v4 = phi ptr [ %a0, %entry ], [ %v82, %b1 ]
  %v5 = phi ptr [ %a1, %entry ], [ %v83, %b1 ]
  %v6 = phi <16 x float> [ zeroinitializer, %entry ], [ %v56, %b1 ]
  %v7 = phi <16 x float> [ zeroinitializer, %entry ], [ %v57, %b1 ]
  %v8 = phi <16 x float> [ zeroinitializer, %entry ], [ %v62, %b1 ]
  %v9 = phi <16 x float> [ zeroinitializer, %entry ], [ %v63, %b1 ]
  %v10 = phi <16 x float> [ zeroinitializer, %entry ], [ %v68, %b1 ]
  %v11 = phi <16 x float> [ zeroinitializer, %entry ], [ %v69, %b1 ]
  %v12 = phi <16 x float> [ zeroinitializer, %entry ], [ %v74, %b1 ]
  %v13 = phi <16 x float> [ zeroinitializer, %entry ], [ %v75, %b1 ]
  %v14 = phi <16 x float> [ zeroinitializer, %entry ], [ %v80, %b1 ]
  %v15 = phi <16 x float> [ zeroinitializer, %entry ], [ %v81, %b1 ]
  %v16 = load <16 x float>, ptr %v5, align 4
  %v17 = getelementptr i8, ptr %v5, i64 64
  %v18 = call <16 x float> @llvm.masked.load.v16f32.p0(ptr %v17, i32 4, <16 x i1> <i1 true, i1 true, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false>, <16 x float> zeroinitializer)
  %v19 = load float, ptr %v4, align 4
  %v20 = insertelement <16 x float> poison, float %v19, i64 0
  %v21 = shufflevector <16 x float> %v20, <16 x float> poison, <16 x i32> zeroinitializer
  %v22 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v21, <16 x float> %v16, <16 x float> %v6)
  %v23 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v21, <16 x float> %v18, <16 x float> %v7)
  %v24 = getelementptr i8, ptr %v4, i64 4
  %v25 = load float, ptr %v24, align 4
  %v26 = insertelement <16 x float> poison, float %v25, i64 0
  %v27 = shufflevector <16 x float> %v26, <16 x float> poison, <16 x i32> zeroinitializer
  %v28 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v27, <16 x float> %v16, <16 x float> %v8)
  %v29 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v27, <16 x float> %v18, <16 x float> %v9)
  %v30 = getelementptr i8, ptr %v4, i64 8
  %v31 = load float, ptr %v30, align 4
  %v32 = insertelement <16 x float> poison, float %v31, i64 0
  %v33 = shufflevector <16 x float> %v32, <16 x float> poison, <16 x i32> zeroinitializer
  %v34 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v33, <16 x float> %v16, <16 x float> %v10)
  %v35 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v33, <16 x float> %v18, <16 x float> %v11)
  %v36 = getelementptr i8, ptr %v4, i64 12
  %v37 = load float, ptr %v36, align 4
  %v38 = insertelement <16 x float> poison, float %v37, i64 0
  %v39 = shufflevector <16 x float> %v38, <16 x float> poison, <16 x i32> zeroinitializer
  %v40 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v39, <16 x float> %v16, <16 x float> %v12)
  %v41 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v39, <16 x float> %v18, <16 x float> %v13)
  %v42 = getelementptr i8, ptr %v4, i64 16
  %v43 = load float, ptr %v42, align 4
  %v44 = insertelement <16 x float> poison, float %v43, i64 0
  %v45 = shufflevector <16 x float> %v44, <16 x float> poison, <16 x i32> zeroinitializer
  %v46 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v45, <16 x float> %v16, <16 x float> %v14)
  %v47 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v45, <16 x float> %v18, <16 x float> %v15)
  %v48 = getelementptr i8, ptr %v5, i64 72
  %v49 = load <16 x float>, ptr %v48, align 4
  %v50 = getelementptr i8, ptr %v5, i64 136
  %v51 = call <16 x float> @llvm.masked.load.v16f32.p0(ptr %v50, i32 4, <16 x i1> <i1 true, i1 true, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false>, <16 x float> zeroinitializer)
  %v52 = getelementptr i8, ptr %v4, i64 20
  %v53 = load float, ptr %v52, align 4
  %v54 = insertelement <16 x float> poison, float %v53, i64 0
  %v55 = shufflevector <16 x float> %v54, <16 x float> poison, <16 x i32> zeroinitializer
  %v56 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v55, <16 x float> %v49, <16 x float> %v22)
  %v57 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v55, <16 x float> %v51, <16 x float> %v23)
  %v58 = getelementptr i8, ptr %v4, i64 24
  %v59 = load float, ptr %v58, align 4
  %v60 = insertelement <16 x float> poison, float %v59, i64 0
  %v61 = shufflevector <16 x float> %v60, <16 x float> poison, <16 x i32> zeroinitializer
  %v62 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v61, <16 x float> %v49, <16 x float> %v28)
  %v63 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v61, <16 x float> %v51, <16 x float> %v29)
  %v64 = getelementptr i8, ptr %v4, i64 28
  %v65 = load float, ptr %v64, align 4
  %v66 = insertelement <16 x float> poison, float %v65, i64 0
  %v67 = shufflevector <16 x float> %v66, <16 x float> poison, <16 x i32> zeroinitializer
  %v68 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v67, <16 x float> %v49, <16 x float> %v34)
  %v69 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v67, <16 x float> %v51, <16 x float> %v35)
  %v70 = getelementptr i8, ptr %v4, i64 32
  %v71 = load float, ptr %v70, align 4
  %v72 = insertelement <16 x float> poison, float %v71, i64 0
  %v73 = shufflevector <16 x float> %v72, <16 x float> poison, <16 x i32> zeroinitializer
  %v74 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v73, <16 x float> %v49, <16 x float> %v40)
  %v75 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v73, <16 x float> %v51, <16 x float> %v41)
  %v76 = getelementptr i8, ptr %v4, i64 36
  %v77 = load float, ptr %v76, align 4
  %v78 = insertelement <16 x float> poison, float %v77, i64 0
  %v79 = shufflevector <16 x float> %v78, <16 x float> poison, <16 x i32> zeroinitializer
  %v80 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v79, <16 x float> %v49, <16 x float> %v46)
  %v81 = call <16 x float> @llvm.fma.v16f32(<16 x float> %v79, <16 x float> %v51, <16 x float> %v47)
  %v82 = getelementptr i8, ptr %v4, i64 40
  %v83 = getelementptr i8, ptr %v5, i64 144
  %v84 = add nuw nsw i64 %v3, 2
  %v85 = icmp slt i64 %v84, 6
  br i1 %v85, label %b1, label %b2
b2:
  %v86 = load <16 x float>, ptr %a2, align 4
  %v87 = fmul <16 x float> %v56, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v88 = fsub <16 x float> %v86, %v87
  store <16 x float> %v88, ptr %a2, align 4
  %v89 = getelementptr i8, ptr %a2, i64 64
  %v90 = load <16 x float>, ptr %v89, align 4
  %v91 = fmul <16 x float> %v57, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v92 = fsub <16 x float> %v90, %v91
  %v93 = getelementptr i8, ptr %a2, i64 64
  store <16 x float> %v92, ptr %v93, align 4
  %v94 = getelementptr i8, ptr %a2, i64 128
  %v95 = load <16 x float>, ptr %v94, align 4
  %v96 = fmul <16 x float> %v62, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v97 = fsub <16 x float> %v95, %v96
  %v98 = getelementptr i8, ptr %a2, i64 128
  store <16 x float> %v97, ptr %v98, align 4
  %v99 = getelementptr i8, ptr %a2, i64 192
  %v100 = load <16 x float>, ptr %v99, align 4
  %v101 = fmul <16 x float> %v63, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v102 = fsub <16 x float> %v100, %v101
  %v103 = getelementptr i8, ptr %a2, i64 192
  store <16 x float> %v102, ptr %v103, align 4
  %v104 = getelementptr i8, ptr %a2, i64 256
  %v105 = load <16 x float>, ptr %v104, align 4
  %v106 = fmul <16 x float> %v68, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v107 = fsub <16 x float> %v105, %v106
  %v108 = getelementptr i8, ptr %a2, i64 256
  store <16 x float> %v107, ptr %v108, align 4
  %v109 = getelementptr i8, ptr %a2, i64 320
  %v110 = load <16 x float>, ptr %v109, align 4
  %v111 = fmul <16 x float> %v69, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v112 = fsub <16 x float> %v110, %v111
  %v113 = getelementptr i8, ptr %a2, i64 320
  store <16 x float> %v112, ptr %v113, align 4
  %v114 = getelementptr i8, ptr %a2, i64 384
  %v115 = load <16 x float>, ptr %v114, align 4
  %v116 = fmul <16 x float> %v74, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v117 = fsub <16 x float> %v115, %v116
  %v118 = getelementptr i8, ptr %a2, i64 384
  store <16 x float> %v117, ptr %v118, align 4
  %v119 = getelementptr i8, ptr %a2, i64 448
  %v120 = load <16 x float>, ptr %v119, align 4
  %v121 = fmul <16 x float> %v75, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v122 = fsub <16 x float> %v120, %v121
  %v123 = getelementptr i8, ptr %a2, i64 448
  store <16 x float> %v122, ptr %v123, align 4
  %v124 = getelementptr i8, ptr %a2, i64 512
  %v125 = load <16 x float>, ptr %v124, align 4
  %v126 = fmul <16 x float> %v80, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v127 = fsub <16 x float> %v125, %v126
  %v128 = getelementptr i8, ptr %a2, i64 512
  store <16 x float> %v127, ptr %v128, align 4
  %v129 = getelementptr i8, ptr %a2, i64 576
  %v130 = load <16 x float>, ptr %v129, align 4
  %v131 = fmul <16 x float> %v81, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v132 = fsub <16 x float> %v130, %v131
  %v133 = getelementptr i8, ptr %a2, i64 576
  store <16 x float> %v132, ptr %v133, align 4
  ret void
}

define internal void @step(ptr %arena, ptr %a1, ptr %a2, ptr %a3) #1 {
entry:
  call void @contract_1(ptr %a1, ptr %a2, ptr %a3)
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

declare <16 x float> @llvm.masked.load.v16f32.p0(ptr, i32, <16 x i1>, <16 x float>)
declare <16 x float> @llvm.fma.v16f32(<16 x float>, <16 x float>, <16 x float>)
declare void @llvm.x86.sse.stmxcsr(ptr)
declare void @llvm.x86.sse.ldmxcsr(ptr)
attributes #0 = { nounwind "prefer-vector-width"="512" "min-legal-vector-width"="512" "no-trapping-math"="true" }
attributes #1 = { nounwind noinline "prefer-vector-width"="512" "min-legal-vector-width"="512" "no-trapping-math"="true" }

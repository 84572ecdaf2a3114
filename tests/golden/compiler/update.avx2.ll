define internal void @contract_1(ptr noalias %a0, ptr noalias %a1, ptr noalias %a2) #1 {
entry:
  br label %b1
b1:
  %v3 = phi i64 [ 0, %entry ], [ %v69, %b1 ]
  %v4 = phi ptr [ %a0, %entry ], [ %v67, %b1 ]
  %v5 = phi ptr [ %a1, %entry ], [ %v68, %b1 ]
  %v6 = phi <8 x float> [ zeroinitializer, %entry ], [ %v50, %b1 ]
  %v7 = phi <8 x float> [ zeroinitializer, %entry ], [ %v51, %b1 ]
  %v8 = phi <8 x float> [ zeroinitializer, %entry ], [ %v52, %b1 ]
  %v9 = phi <8 x float> [ zeroinitializer, %entry ], [ %v57, %b1 ]
  %v10 = phi <8 x float> [ zeroinitializer, %entry ], [ %v58, %b1 ]
  %v11 = phi <8 x float> [ zeroinitializer, %entry ], [ %v59, %b1 ]
  %v12 = phi <8 x float> [ zeroinitializer, %entry ], [ %v64, %b1 ]
  %v13 = phi <8 x float> [ zeroinitializer, %entry ], [ %v65, %b1 ]
  %v14 = phi <8 x float> [ zeroinitializer, %entry ], [ %v66, %b1 ]
  %v15 = load <8 x float>, ptr %v5, align 4
  %v16 = getelementptr i8, ptr %v5, i64 32
  %v17 = load <8 x float>, ptr %v16, align 4
  %v18 = getelementptr i8, ptr %v5, i64 64
  %v19 = call <8 x float> @llvm.masked.load.v8f32.p0(ptr %v18, i32 4, <8 x i1> <i1 true, i1 true, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false>, <8 x float> zeroinitializer)
  %v20 = load float, ptr %v4, align 4
  %v21 = insertelement <8 x float> poison, float %v20, i64 0
  %v22 = shufflevector <8 x float> %v21, <8 x float> poison, <8 x i32> zeroinitializer
  %v23 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v22, <8 x float> %v15, <8 x float> %v6)
  %v24 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v22, <8 x float> %v17, <8 x float> %v7)
  %v25 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v22, <8 x float> %v19, <8 x float> %v8)
  %v26 = getelementptr i8, ptr %v4, i64 4
  %v27 = load float, ptr %v26, align 4
  %v28 = insertelement <8 x float> poison, float %v27, i64 0
  %v29 = shufflevector <8 x float> %v28, <8 x float> poison, <8 x i32> zeroinitializer
  %v30 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v29, <8 x float> %v15, <8 x float> %v9)
  %v31 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v29, <8 x float> %v17, <8 x float> %v10)
  %v32 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v29, <8 x float> %v19, <8 x float> %v11)
  %v33 = getelementptr i8, ptr %v4, i64 8
  %v34 = load float, ptr %v33, align 4
  %v35 = insertelement <8 x float> poison, float %v34, i64 0
  %v36 = shufflevector <8 x float> %v35, <8 x float> poison, <8 x i32> zeroinitializer
  %v37 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v36, <8 x float> %v15, <8 x float> %v12)
  %v38 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v36, <8 x float> %v17, <8 x float> %v13)
  %v39 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v36, <8 x float> %v19, <8 x float> %v14)
  %v40 = getelementptr i8, ptr %v5, i64 72
  %v41 = load <8 x float>, ptr %v40, align 4
  %v42 = getelementptr i8, ptr %v5, i64 104
  %v43 = load <8 x float>, ptr %v42, align 4
  %v44 = getelementptr i8, ptr %v5, i64 136
  %v45 = call <8 x float> @llvm.masked.load.v8f32.p0(ptr %v44, i32 4, <8 x i1> <i1 true, i1 true, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false>, <8 x float> zeroinitializer)
  %v46 = getelementptr i8, ptr %v4, i64 20
  %v47 = load float, ptr %v46, align 4
  %v48 = insertelement <8 x float> poison, float %v47, i64 0
  %v49 = shufflevector <8 x float> %v48, <8 x float> poison, <8 x i32> zeroinitializer
  %v50 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v49, <8 x float> %v41, <8 x float> %v23)
  %v51 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v49, <8 x float> %v43, <8 x float> %v24)
  %v52 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v49, <8 x float> %v45, <8 x float> %v25)
  %v53 = getelementptr i8, ptr %v4, i64 24
  %v54 = load float, ptr %v53, align 4
  %v55 = insertelement <8 x float> poison, float %v54, i64 0
  %v56 = shufflevector <8 x float> %v55, <8 x float> poison, <8 x i32> zeroinitializer
  %v57 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v56, <8 x float> %v41, <8 x float> %v30)
  %v58 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v56, <8 x float> %v43, <8 x float> %v31)
  %v59 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v56, <8 x float> %v45, <8 x float> %v32)
  %v60 = getelementptr i8, ptr %v4, i64 28
  %v61 = load float, ptr %v60, align 4
  %v62 = insertelement <8 x float> poison, float %v61, i64 0
  %v63 = shufflevector <8 x float> %v62, <8 x float> poison, <8 x i32> zeroinitializer
  %v64 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v63, <8 x float> %v41, <8 x float> %v37)
  %v65 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v63, <8 x float> %v43, <8 x float> %v38)
  %v66 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v63, <8 x float> %v45, <8 x float> %v39)
  %v67 = getelementptr i8, ptr %v4, i64 40
  %v68 = getelementptr i8, ptr %v5, i64 144
  %v69 = add nuw nsw i64 %v3, 2
  %v70 = icmp slt i64 %v69, 6
  br i1 %v70, label %b1, label %b2
b2:
  %v71 = load <8 x float>, ptr %a2, align 4
  %v72 = fmul <8 x float> %v50, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v73 = fsub <8 x float> %v71, %v72
  store <8 x float> %v73, ptr %a2, align 4
  %v74 = getelementptr i8, ptr %a2, i64 32
  %v75 = load <8 x float>, ptr %v74, align 4
  %v76 = fmul <8 x float> %v51, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v77 = fsub <8 x float> %v75, %v76
  %v78 = getelementptr i8, ptr %a2, i64 32
  store <8 x float> %v77, ptr %v78, align 4
  %v79 = getelementptr i8, ptr %a2, i64 64
  %v80 = load <8 x float>, ptr %v79, align 4
  %v81 = fmul <8 x float> %v52, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v82 = fsub <8 x float> %v80, %v81
  %v83 = getelementptr i8, ptr %a2, i64 64
  store <8 x float> %v82, ptr %v83, align 4
  %v84 = getelementptr i8, ptr %a2, i64 96
  %v85 = load <8 x float>, ptr %v84, align 4
  %v86 = fmul <8 x float> %v57, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v87 = fsub <8 x float> %v85, %v86
  %v88 = getelementptr i8, ptr %a2, i64 96
  store <8 x float> %v87, ptr %v88, align 4
  %v89 = getelementptr i8, ptr %a2, i64 128
  %v90 = load <8 x float>, ptr %v89, align 4
  %v91 = fmul <8 x float> %v58, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v92 = fsub <8 x float> %v90, %v91
  %v93 = getelementptr i8, ptr %a2, i64 128
  store <8 x float> %v92, ptr %v93, align 4
  %v94 = getelementptr i8, ptr %a2, i64 160
  %v95 = load <8 x float>, ptr %v94, align 4
  %v96 = fmul <8 x float> %v59, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v97 = fsub <8 x float> %v95, %v96
  %v98 = getelementptr i8, ptr %a2, i64 160
  store <8 x float> %v97, ptr %v98, align 4
  %v99 = getelementptr i8, ptr %a2, i64 192
  %v100 = load <8 x float>, ptr %v99, align 4
  %v101 = fmul <8 x float> %v64, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v102 = fsub <8 x float> %v100, %v101
  %v103 = getelementptr i8, ptr %a2, i64 192
  store <8 x float> %v102, ptr %v103, align 4
  %v104 = getelementptr i8, ptr %a2, i64 224
  %v105 = load <8 x float>, ptr %v104, align 4
  %v106 = fmul <8 x float> %v65, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v107 = fsub <8 x float> %v105, %v106
  %v108 = getelementptr i8, ptr %a2, i64 224
  store <8 x float> %v107, ptr %v108, align 4
  %v109 = getelementptr i8, ptr %a2, i64 256
  %v110 = load <8 x float>, ptr %v109, align 4
  %v111 = fmul <8 x float> %v66, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v112 = fsub <8 x float> %v110, %v111
  %v113 = getelementptr i8, ptr %a2, i64 256
  store <8 x float> %v112, ptr %v113, align 4
  %v114 = getelementptr i8, ptr %a0, i64 12
  br label %b115
b115:
  %v117 = phi i64 [ 0, %b2 ], [ %v166, %b115 ]
  %v118 = phi ptr [ %v114, %b2 ], [ %v164, %b115 ]
  %v119 = phi ptr [ %a1, %b2 ], [ %v165, %b115 ]
  %v120 = phi <8 x float> [ zeroinitializer, %b2 ], [ %v154, %b115 ]
  %v121 = phi <8 x float> [ zeroinitializer, %b2 ], [ %v155, %b115 ]
  %v122 = phi <8 x float> [ zeroinitializer, %b2 ], [ %v156, %b115 ]
  %v123 = phi <8 x float> [ zeroinitializer, %b2 ], [ %v161, %b115 ]
  %v124 = phi <8 x float> [ zeroinitializer, %b2 ], [ %v162, %b115 ]
  %v125 = phi <8 x float> [ zeroinitializer, %b2 ], [ %v163, %b115 ]
  %v126 = load <8 x float>, ptr %v119, align 4
  %v127 = getelementptr i8, ptr %v119, i64 32
  %v128 = load <8 x float>, ptr %v127, align 4
  %v129 = getelementptr i8, ptr %v119, i64 64
  %v130 = call <8 x float> @llvm.masked.load.v8f32.p0(ptr %v129, i32 4, <8 x i1> <i1 true, i1 true, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false>, <8 x float> zeroinitializer)
  %v131 = load float, ptr %v118, align 4
  %v132 = insertelement <8 x float> poison, float %v131, i64 0
  %v133 = shufflevector <8 x float> %v132, <8 x float> poison, <8 x i32> zeroinitializer
  %v134 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v133, <8 x float> %v126, <8 x float> %v120)
  %v135 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v133, <8 x float> %v128, <8 x float> %v121)
  %v136 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v133, <8 x float> %v130, <8 x float> %v122)
  %v137 = getelementptr i8, ptr %v118, i64 4
  %v138 = load float, ptr %v137, align 4
  %v139 = insertelement <8 x float> poison, float %v138, i64 0
  %v140 = shufflevector <8 x float> %v139, <8 x float> poison, <8 x i32> zeroinitializer
  %v141 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v140, <8 x float> %v126, <8 x float> %v123)
  %v142 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v140, <8 x float> %v128, <8 x float> %v124)
  %v143 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v140, <8 x float> %v130, <8 x float> %v125)
  %v144 = getelementptr i8, ptr %v119, i64 72
  %v145 = load <8 x float>, ptr %v144, align 4
  %v146 = getelementptr i8, ptr %v119, i64 104
  %v147 = load <8 x float>, ptr %v146, align 4
  %v148 = getelementptr i8, ptr %v119, i64 136
  %v149 = call <8 x float> @llvm.masked.load.v8f32.p0(ptr %v148, i32 4, <8 x i1> <i1 true, i1 true, i1 false, i1 false, i1 false, i1 false, i1 false, i1 false>, <8 x float> zeroinitializer)
  %v150 = getelementptr i8, ptr %v118, i64 20
  %v151 = load float, ptr %v150, align 4
  %v152 = insertelement <8 x float> poison, float %v151, i64 0
  %v153 = shufflevector <8 x float> %v152, <8 x float> poison, <8 x i32> zeroinitializer
  %v154 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v153, <8 x float> %v145, <8 x float> %v134)
  %v155 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v153, <8 x float> %v147, <8 x float> %v135)
  %v156 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v153, <8 x float> %v149, <8 x float> %v136)
  %v157 = getelementptr i8, ptr %v118, i64 24
  %v158 = load float, ptr %v157, align 4
  %v159 = insertelement <8 x float> poison, float %v158, i64 0
  %v160 = shufflevector <8 x float> %v159, <8 x float> poison, <8 x i32> zeroinitializer
  %v161 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v160, <8 x float> %v145, <8 x float> %v141)
  %v162 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v160, <8 x float> %v147, <8 x float> %v142)
  %v163 = call <8 x float> @llvm.fma.v8f32(<8 x float> %v160, <8 x float> %v149, <8 x float> %v143)
  %v164 = getelementptr i8, ptr %v118, i64 40
  %v165 = getelementptr i8, ptr %v119, i64 144
  %v166 = add nuw nsw i64 %v117, 2
  %v167 = icmp slt i64 %v166, 6
  br i1 %v167, label %b115, label %b116
b116:
  %v168 = getelementptr i8, ptr %a2, i64 288
  %v169 = load <8 x float>, ptr %v168, align 4
  %v170 = fmul <8 x float> %v154, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v171 = fsub <8 x float> %v169, %v170
  %v172 = getelementptr i8, ptr %a2, i64 288
  store <8 x float> %v171, ptr %v172, align 4
  %v173 = getelementptr i8, ptr %a2, i64 320
  %v174 = load <8 x float>, ptr %v173, align 4
  %v175 = fmul <8 x float> %v155, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v176 = fsub <8 x float> %v174, %v175
  %v177 = getelementptr i8, ptr %a2, i64 320
  store <8 x float> %v176, ptr %v177, align 4
  %v178 = getelementptr i8, ptr %a2, i64 352
  %v179 = load <8 x float>, ptr %v178, align 4
  %v180 = fmul <8 x float> %v156, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v181 = fsub <8 x float> %v179, %v180
  %v182 = getelementptr i8, ptr %a2, i64 352
  store <8 x float> %v181, ptr %v182, align 4
  %v183 = getelementptr i8, ptr %a2, i64 384
  %v184 = load <8 x float>, ptr %v183, align 4
  %v185 = fmul <8 x float> %v161, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v186 = fsub <8 x float> %v184, %v185
  %v187 = getelementptr i8, ptr %a2, i64 384
  store <8 x float> %v186, ptr %v187, align 4
  %v188 = getelementptr i8, ptr %a2, i64 416
  %v189 = load <8 x float>, ptr %v188, align 4
  %v190 = fmul <8 x float> %v162, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v191 = fsub <8 x float> %v189, %v190
  %v192 = getelementptr i8, ptr %a2, i64 416
  store <8 x float> %v191, ptr %v192, align 4
  %v193 = getelementptr i8, ptr %a2, i64 448
  %v194 = load <8 x float>, ptr %v193, align 4
  %v195 = fmul <8 x float> %v163, <float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000, float 0x3FB99999A0000000>
  %v196 = fsub <8 x float> %v194, %v195
  %v197 = getelementptr i8, ptr %a2, i64 448
  store <8 x float> %v196, ptr %v197, align 4
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

declare <8 x float> @llvm.masked.load.v8f32.p0(ptr, i32, <8 x i1>, <8 x float>)
declare <8 x float> @llvm.fma.v8f32(<8 x float>, <8 x float>, <8 x float>)
declare void @llvm.x86.sse.stmxcsr(ptr)
declare void @llvm.x86.sse.ldmxcsr(ptr)
attributes #0 = { nounwind "prefer-vector-width"="256" "min-legal-vector-width"="256" "no-trapping-math"="true" }
attributes #1 = { nounwind noinline "prefer-vector-width"="256" "min-legal-vector-width"="256" "no-trapping-math"="true" }
